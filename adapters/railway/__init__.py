"""Railway: an earlier deployment is deployed again, with its image and its variables.

rollback   the action: which deployment, and what people are told about it
move       the new deployment on its way to serving, and whether it got there
api        the questions and what Railway answers
"""

from adapters.railway.rollback import RailwayRollback

__all__ = ["RailwayRollback"]
