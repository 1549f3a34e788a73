"""The wall: how the camera moved before it, its holds, and the routes that they make."""
