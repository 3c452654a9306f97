/** Node's own module for what a single executable carries; Deno has none. */
const sea = process.getBuiltinModule?.('node:sea') as typeof import('node:sea') | undefined

/** Whether the program is one executable file, with everything that it reads inside. */
export const inExecutable: boolean = sea?.isSea() ?? false

/** A file that the executable carries, by its path in the project, as a copy. Throws where there is none. */
export const carriedFile = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(sea!.getAsset(path))

/** The paths of everything that the executable carries. */
export const carriedPaths = (): string[] => sea!.getAssetKeys()
