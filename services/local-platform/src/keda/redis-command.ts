import { connect } from 'node:net';

export interface RedisAddress {
  host: string;
  port: number;
  username?: string | undefined;
  password?: string | undefined;
  database: number;
}

type Reply = string | number | null | Reply[];

const TIMEOUT_MS = 3_000;

/** Sends one command to a Redis over a connection of its own, and gives its answer. Throws a sentence without the password. */
export async function askRedis(address: RedisAddress, command: readonly string[]): Promise<Reply> {
  const { host, port, username, password, database } = address;
  const login = password === undefined ? [] : [['AUTH', ...(username ? [username] : []), password]];
  const commands = [...login, ...(database > 0 ? [['SELECT', String(database)]] : []), command];
  const replies = await exchange(host, port, commands);
  for (const reply of replies) {
    if (reply instanceof Error) throw new Error(`Redis ${host}:${port} answers ${reply.message}`);
  }
  return replies.at(-1) as Reply;
}

function exchange(host: string, port: number, commands: readonly (readonly string[])[]): Promise<(Reply | Error)[]> {
  return new Promise((resolve, reject) => {
    const replies: (Reply | Error)[] = [];
    let rest = Buffer.alloc(0);
    const socket = connect({ host, port });
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(`Redis ${host}:${port} ${why}`));
    };
    socket.setTimeout(TIMEOUT_MS, () => fail(`does not answer within ${TIMEOUT_MS / 1000} s`));
    socket.once('connect', () => socket.write(commands.map(encode).join('')));
    socket.once('error', (error: NodeJS.ErrnoException) => fail(`cannot be reached: ${error.code ?? error.message}`));
    socket.once('close', () => fail('closed the connection')); // has no effect after an answer
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      for (let found = parseReply(rest, 0); found !== undefined; found = parseReply(rest, 0)) {
        replies.push(found.reply);
        rest = rest.subarray(found.end);
      }
      if (replies.length < commands.length) return;
      resolve(replies);
      socket.destroy();
    });
  });
}

function encode(parts: readonly string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
}

/** One reply of the Redis protocol (RESP 2) from `start`; undefined while it is not all there. */
export function parseReply(data: Buffer, start: number): { reply: Reply | Error; end: number } | undefined {
  const lineEnd = data.indexOf('\r\n', start);
  if (lineEnd < 0) return undefined;
  const line = data.toString('utf8', start + 1, lineEnd);
  const end = lineEnd + 2;
  const type = String.fromCharCode(data[start] ?? 0);
  if (type === '+') return { reply: line, end };
  if (type === '-') return { reply: new Error(line), end };
  if (type === ':') return { reply: Number(line), end };
  if (line === '-1') return { reply: null, end };
  if (type === '$') return bulkReply(data, end, Number(line));
  return type === '*' ? listReply(data, end, Number(line)) : { reply: new Error(`something unknown: ${type}`), end };
}

function bulkReply(data: Buffer, start: number, length: number): { reply: Reply; end: number } | undefined {
  const end = start + length + 2;
  return data.length < end ? undefined : { reply: data.toString('utf8', start, start + length), end };
}

function listReply(data: Buffer, start: number, length: number): { reply: Reply | Error; end: number } | undefined {
  const items: Reply[] = [];
  let end = start;
  while (items.length < length) {
    const found = parseReply(data, end);
    if (found === undefined) return undefined;
    items.push(found.reply instanceof Error ? found.reply.message : found.reply);
    end = found.end;
  }
  return { reply: items, end };
}
