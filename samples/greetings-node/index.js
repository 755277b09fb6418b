const KEPT = 20;
const greetings = [];

/** POST keeps a greeting and shows it in the log; every other request is answered with the latest ones, newest first. */
export function greetingsOf(request, response) {
  if (request.method !== 'POST') {
    response.json(greetings);
    return;
  }
  const { greeting = 'nothing', from = 'somebody' } = request.body ?? {};
  const line = `${greeting} (from ${from})`;
  console.log(`received: ${line}`);
  greetings.unshift(line);
  greetings.length = Math.min(greetings.length, KEPT);
  response.json({ received: line });
}
