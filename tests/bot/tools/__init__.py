"""What actions get to reach the world."""
