"""Git hosts and local checkouts behind one neutral interface."""
