"""Every story of the demo, on each chat and each store that it can be played on."""
