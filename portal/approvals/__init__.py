"""The shape of a change proposal: who asked, who decided, what may follow what."""
