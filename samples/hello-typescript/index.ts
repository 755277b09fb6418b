import type { Request, Response } from '@google-cloud/functions-framework';

/** Answers every request with a greeting. Node runs this file as it is, there is no compile step. */
export function helloWorld(_request: Request, response: Response): void {
  response.send('Hello, World!\n');
}
