"""The one door: every picture, video and page comes in through here and nowhere else."""
