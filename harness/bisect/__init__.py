"""In which released version of a part a finding appeared."""
