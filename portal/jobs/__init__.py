"""Long work with progress, resume and a result file."""
