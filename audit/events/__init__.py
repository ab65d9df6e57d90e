"""Events: what changes no row, e.g. refusals and views of charts. Recorded without content."""
