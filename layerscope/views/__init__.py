"""What an image looks like: views for notebooks and static pages.  base.py tells how to add one."""
