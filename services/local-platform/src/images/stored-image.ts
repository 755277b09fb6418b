/** What is needed to start a process of an image. */
export interface StoredImage {
  digest: `sha256:${string}`;
  /** Program and arguments; the program is an absolute path. */
  command: string[];
  env: Record<string, string>;
  /** Working directory, absolute. */
  directory: string;
  language: string;
}

/** The part of an image that is kept beside its files. A program that begins with `./` is inside the image. */
export interface ImageConfig {
  command: string[];
  env: Record<string, string>;
  language: string;
}
