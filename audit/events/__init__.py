"""Events: what changes no row. Recorded without content, refusals and views of charts included."""
