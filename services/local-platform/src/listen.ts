import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Binds a server to 127.0.0.1; 0 chooses a port. Resolves with the port when connections are taken, rejects when it is in use. */
export async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
