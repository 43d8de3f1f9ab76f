"""What every language model behind an HTTP API shares: access, wire, errors, schemas, the turns of a talk, prices."""
