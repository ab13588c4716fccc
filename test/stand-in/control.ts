export async function serveControl(): Promise<void> {
  await Promise.resolve()
}
