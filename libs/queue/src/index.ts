export {
  type Floor,
  type Handler,
  type Job,
  type Key,
  nameOf,
  type QueueStats,
  type Wake,
  type WorkQueue,
} from './contract.ts';
export { isOlder, mergeFloors } from './floor.ts';
export { memoryQueue } from './memory.ts';
export { openQueue, type QueueOptions } from './redis-queue.ts';
