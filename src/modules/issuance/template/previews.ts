import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationProfiles } from '../organization-profiles.ts'
import type { DesignSource } from '../render/designs/design.ts'
import { RenderInputError } from '../render/input.ts'
import { type RenderPool, RenderUnavailableError } from '../render/pool.ts'
import { type SampleName, samples } from './samples.ts'

/** What to print for a look. */
export interface PreviewWish {
  readonly design: string | DesignSource
  readonly statement: string | undefined
  readonly sample: SampleName
  readonly data: PreviewData
  readonly locale: string | undefined
  readonly form: 'application/pdf' | 'image/png'
  /** Of the picture, in pixels. */
  readonly width: number
}

export interface PreviewData {
  readonly recipientName?: string | undefined
  readonly achievementName?: string | undefined
  readonly completedOn?: string | undefined
}

export interface Previews {
  /** A specimen: crossed out by its name, with an address that leads to no credential. Writes nothing. */
  draw(organizationId: OrganizationId, wish: PreviewWish): Promise<Uint8Array>
}

/** So many at a time: behind them, what is issued finds the renderers free. */
const AT_ONCE = 3
const TIMEOUT_MS = 20_000

export function createPreviews(
  { publicUrl, now }: Pick<IssuanceContext, 'publicUrl' | 'now'>,
  pool: RenderPool,
  profiles: OrganizationProfiles,
): Previews {
  let running = 0

  async function print(organizationId: OrganizationId, wish: PreviewWish): Promise<Uint8Array> {
    const { name: issuerName } = await profiles.of(organizationId)
    const { locale, ...sample } = samples[wish.sample]
    const { recipientName = sample.recipientName, achievementName = sample.achievementName, completedOn } = wish.data
    const today = now().toISOString().slice(0, 10)
    const pdf = await pool.render({
      design: wish.design,
      values: {
        recipientName,
        achievementName,
        issuerName,
        completedOn: completedOn ?? today,
        issuedOn: today,
        ...(wish.statement !== undefined && { statement: wish.statement }),
      },
      locale: wish.locale ?? locale,
      // No credential has this address: public ids are longer.
      verifyUrl: `${publicUrl}/v/specimen`,
      documentId: 'specimen',
      title: `Specimen: ${achievementName}`,
      test: !publicUrl.startsWith('https:'),
      specimen: true,
    })
    return wish.form === 'application/pdf' ? pdf : pool.draw({ kind: 'page', pdf, width: wish.width })
  }

  return {
    async draw(organizationId, wish) {
      if (running >= AT_ONCE) throw new Problem('rate-limited', 'Other previews are being drawn; ask again in a second.', { retryAfterSeconds: 1 })
      running += 1
      const drawn = print(organizationId, wish).finally(() => {
        running -= 1
      })
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Problem('deadline-exceeded', 'The preview takes too long; make the pictures of the design smaller.')), TIMEOUT_MS)
      })
      try {
        return await Promise.race([drawn, late])
      } catch (error) {
        if (error instanceof RenderInputError) throw new Problem('validation-failed', `Change what the preview is to show: ${error.message}.`)
        if (error instanceof RenderUnavailableError) throw new Problem('unavailable', 'The preview was not drawn; ask again in a second.', { retryAfterSeconds: 1 })
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
