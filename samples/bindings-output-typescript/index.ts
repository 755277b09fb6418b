import { openFunction } from '@openfunction/functions';

interface Greeting {
  greeting: string;
  from?: string;
}

/** Sends the greeting in the request to the output `another-target`, and answers what its receiver answers. */
export const forwardGreeting = openFunction(async (context, received?: Partial<Greeting>) => {
  const sent: Greeting = { greeting: received?.greeting ?? 'Hello', from: context.settings.name };
  const answer = await context.send('another-target', sent);
  console.log(`sent the greeting ${JSON.stringify(sent.greeting)}`);
  return answer;
});

/** Sends the time, whenever Dapr's cron binding calls it. */
export const sendTime = openFunction(async (context) => {
  const sent: Greeting = { greeting: `It is ${new Date().toISOString()}`, from: context.settings.name };
  await context.send('another-target', sent);
  console.log(`${context.input}: sent the greeting ${JSON.stringify(sent.greeting)}`);
});
