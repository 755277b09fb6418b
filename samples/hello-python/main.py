def hello_world(request):
    """Answers every request with a greeting. Its name is FUNC_NAME in function.yaml."""
    return "Hello, World!\n"
