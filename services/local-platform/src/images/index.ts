export { ImageStore } from './image-store.ts';
export type { ImageConfig, StoredImage } from './stored-image.ts';
