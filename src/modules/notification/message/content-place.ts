import type { OrganizationId } from '#platform/organization-id.ts'

/** Where the sealed part of a message lives. */
export const contentPlace = (organizationId: string, id: string) => ({
  organizationId: organizationId as OrganizationId,
  table: 'messages',
  column: 'content',
  row: id,
})
