"""What this app tells the apps above it."""

from django.dispatch import Signal

# After a migration of a schema, in its transaction. Arguments: `cursor` (the owner's; its search
# path is the schema), `schema` (quoted), `in_directory`.
tables_changed = Signal()

# A clinic's task was refused something. Sent in the clinic's scope, after the task's transactions.
# Arguments: `error` (a FisioFlowError), `task` (its name).
task_refused = Signal()
