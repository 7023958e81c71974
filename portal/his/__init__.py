"""What we call on the HIS. What the HIS calls on us is ``his_plugin``."""
