/** Answers every request with a greeting. Its name is FUNC_NAME in function.yaml. */
export function helloWorld(_request, response) {
  response.send('Hello, World!\n');
}
