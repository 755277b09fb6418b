import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** One place that connections may be sent to. */
export interface Backend {
  port: number;
  /** True when it takes requests. */
  isReady: () => Promise<boolean>;
}

const LOOK_MS = 250;

/**
 * Stands in kube-proxy's place: a loopback port whose connections go, in turn, to the backends that said they are ready;
 * to all of them while none did, since a refused connection says more than a hanging one. The list may change while it runs.
 */
export async function startForwarder(
  port: number,
  backends: readonly Backend[],
): Promise<{ stop: () => Promise<void> }> {
  let ready: readonly Backend[] = backends;
  let turn = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    turn += 1;
    track(sockets, client);
    const order = [...ready.slice(turn % ready.length), ...ready.slice(0, turn % ready.length)];
    pass(client, order, sockets);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const look = follow(backends, (found) => {
    ready = found.length > 0 ? found : backends;
  });
  return {
    stop: async () => {
      look.stop();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Asks the backends again and again which are ready. */
function follow(backends: readonly Backend[], onReady: (ready: Backend[]) => void): { stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const look = async () => {
    const answers = await Promise.all(backends.map((backend) => backend.isReady()));
    onReady(backends.filter((_, index) => answers[index]));
    if (!stopped) timer = setTimeout(look, LOOK_MS);
  };
  look();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Connects to the first backend that takes the connection. */
function pass(client: Socket, [first, ...others]: readonly Backend[], sockets: Set<Socket>): void {
  if (first === undefined) {
    client.destroy();
    return;
  }
  const upstream = connect(first.port, '127.0.0.1');
  track(sockets, upstream);
  const onRefused = () => pass(client, others, sockets);
  upstream.once('error', onRefused);
  upstream.once('connect', () => {
    upstream.off('error', onRefused);
    join(client, upstream);
    join(upstream, client);
    client.pipe(upstream);
    upstream.pipe(client);
  });
}

/** When one side is gone, so is the other. */
function join(one: Socket, other: Socket): void {
  one.on('error', () => other.destroy());
  one.on('close', () => other.destroy());
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
}
