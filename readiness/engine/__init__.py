"""The core: reads run directories and judges them. Imports neither Django nor Celery."""
