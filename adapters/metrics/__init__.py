"""What a worker tells Prometheus.

What happens in this process is counted here: `instruments`. What happened to the desk is counted in its log and read
from its books when somebody asks, by the worker of the desk's queue alone: `desk`. So nothing that is tried again, or
done by a worker that died, is counted twice or not at all. Every label's values are a closed set, or as good as one.
"""
