import type { Settings } from '../config.ts'
import { filesystemFiles } from './filesystem.ts'
import { s3Files } from './s3.ts'
import type { SealedFiles } from './sealed-blobs.ts'

/** A module's sealed files, wherever the settings say that they lie. */
export const openFiles = (
  { S3_URL: url, BLOBS_DIR: directory }: Pick<Settings, 'S3_URL' | 'BLOBS_DIR'>,
  module: string,
): SealedFiles => (url === undefined ? filesystemFiles({ directory, module }) : s3Files({ url, module }))
