import { homedir } from 'node:os';
import { join } from 'node:path';
import { frameConfig } from '@openfunction/service';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65535);
const count = z.coerce.number().int().min(1);

/** Settings of the local platform; each is read from the environment variable of its name (`HTTP_PORT`, `STATE_DIRECTORY`, …). */
export const platformConfig = z.object({
  ...frameConfig,
  /** Port of the router on 127.0.0.1; 0 takes any free one and logs it. */
  httpPort: port.default(8080),
  /** Port of the kubelet API on 127.0.0.1. */
  kubeletPort: port.default(0),
  /** PEM file of the CA that signed the API server's kubelet client certificate; unset: callers are not asked for one. */
  kubeletClientCa: z.string().optional(),
  /** Folder for logs of functions and notes about their processes. */
  stateDirectory: z.string().default('.local/data/local-platform'),
  /** Folder of the image store, shared by builder and node. */
  imagesDirectory: z.string().default('.local/images'),
  /** Folder for downloads and build layers that outlive a checkout. */
  openfunctionCache: z.string().default(join(homedir(), '.cache', 'openfunction')),
  /** Path of a daprd; unset: the one in the cache, built there from its Go module when the first function needs it. */
  daprd: z.string().optional(),
  /** Bare Git repository that the URL `local://samples` stands for. */
  samplesRepository: z.string().optional(),
  /** Builds at once. */
  buildConcurrency: count.default(2),
  /** Domain of addresses to open from this machine. */
  domain: z.string().default('localhost'),
  clusterDomain: z.string().default('cluster.local'),
  /** Seconds in which the first instance of a revision has to become ready. */
  progressDeadlineSeconds: count.default(60),
  /** Seconds for which a request is held while no instance is free. */
  holdSeconds: count.default(60),
  /** Requests of one revision that are held at most. */
  queueLimit: count.default(1000),
});

export type PlatformConfig = z.output<typeof platformConfig>;
