// The camera and chosen pictures, as frames.
import type { Frame } from "./records.ts";

const LARGEST_BYTES = 12e6;
const MOST_PIXELS = 40e6;
/** Longest side of a frame on the device: larger pictures are made smaller, as the detector would. */
const LONGEST = 1600;

/** A picture that cannot be read, and why. */
export class PictureError extends Error {
  override name = "PictureError";
}

/** Show the camera at the back in `video`. */
export async function start(video: HTMLVideoElement): Promise<void> {
  const wish = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 960 } };
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wish, audio: false });
  await video.play();
}

/** What the camera sees now, drawn on `canvas`. */
export function snapped(video: HTMLVideoElement, canvas: HTMLCanvasElement): Frame {
  return drawn(video, video.videoWidth, video.videoHeight, canvas);
}

/** A chosen picture, upright, drawn on `canvas`. */
export async function chosen(file: File, canvas: HTMLCanvasElement): Promise<Frame> {
  if (file.size > LARGEST_BYTES) throw new PictureError("This picture is larger than 12 MB. Choose a smaller one.");
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new PictureError("This file is not a picture that can be read here. Choose a JPEG or PNG.");
  }
  try {
    if (picture.width * picture.height > MOST_PIXELS) throw new PictureError("This picture has more than 40 megapixels. Choose a smaller one.");
    return drawn(picture, picture.width, picture.height, canvas);
  } finally {
    picture.close();
  }
}

/** The frame as a JPEG in base64, for the server. */
export function encoded(canvas: HTMLCanvasElement): string {
  return canvas.toDataURL("image/jpeg", 0.92).split(",")[1];
}

function drawn(source: CanvasImageSource, width: number, height: number, canvas: HTMLCanvasElement): Frame {
  if (!width || !height) throw new PictureError("The camera gives no picture yet. Try again.");
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { width: canvas.width, height: canvas.height, data: new Uint8ClampedArray(data) };
}
