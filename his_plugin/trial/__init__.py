"""接入测试: making a launch by hand, and finding out why another one fails."""
