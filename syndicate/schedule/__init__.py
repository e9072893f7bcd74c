"""The clock's side: slots become fires, fires become editions."""
