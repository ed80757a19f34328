"""社区政务服务预审系统: applications, their papers, their pre-review and their clocks."""
