/** Photos small enough to travel: drawn anew, so that nothing a camera wrote into them (place, device) is left. */

export const LONGEST_SIDE = 1600
const QUALITY = 0.8

/** A JPEG of at most 1600 pixels a side, out of any picture the browser can read. */
export async function shrink(file: Blob, longest: number = LONGEST_SIDE): Promise<Blob> {
  const whole = await createImageBitmap(file)
  const scale = Math.min(1, longest / Math.max(whole.width, whole.height))
  const [width, height] = [Math.round(whole.width * scale), Math.round(whole.height * scale)]
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d')!.drawImage(whole, 0, 0, width, height)
  whole.close()
  return new Promise((kept, failed) =>
    canvas.toBlob((blob) => (blob ? kept(blob) : failed(new Error('no picture'))), 'image/jpeg', QUALITY),
  )
}
