import type { Hono } from 'hono'
import { metricsText, metricsType } from '../telemetry/metrics.ts'

/**
 * `GET /metrics`, for the internal listener alone: it tells nothing about anybody, and much about the installation.
 * @param keepMs how long an answer stands
 */
export function mountMetrics(app: Hono, keepMs = 3_000): void {
  app.get('/metrics', async (c) => c.body(await metricsText(keepMs), 200, { 'content-type': metricsType, 'cache-control': 'no-store' }))
}
