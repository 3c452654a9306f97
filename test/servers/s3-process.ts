import S3rver from '@20minutes/s3rver'

/** An S3 store in a process of its own, for `startS3`: arguments are its port and its folder. */
const [, , port = '', directory = ''] = process.argv
await new S3rver({
  address: '127.0.0.1',
  port: Number(port),
  silent: true,
  directory,
  configureBuckets: [{ name: 'vellum', configs: [] }],
}).run()
