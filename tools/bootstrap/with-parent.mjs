// Loaded into the entry before anything else: when the bootstrap process dies (kill -9 included), file descriptor 3 ends, and
// the entry is told to stop as by `kill`. Workers and forks inherit the flag that loads this file; they are left alone.
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.env['OPENFUNCTION_PARENT'] === String(process.ppid)) {
  const parent = new Socket({ fd: 3 });
  parent.on('error', () => {}); // 'close' follows
  parent.on('close', () => process.kill(process.pid, 'SIGTERM'));
  parent.resume();
  parent.unref();
}
delete process.env['OPENFUNCTION_PARENT'];
