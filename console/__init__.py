"""What the operator's commands do and show; `starter.py` names them."""
