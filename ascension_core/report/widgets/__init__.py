"""Widgets for notebooks: a clip with its skeletons, and one to mark contacts on. Everything they need comes with them."""
