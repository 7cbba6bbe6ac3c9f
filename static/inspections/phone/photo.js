// A photo as it leaves the phone: at most 1600 px, upright, without the place where it was taken.
const LONGEST = 1600;
const QUALITY = 0.82;

/** {bytes, type, name, width, height}. Throws if the browser cannot read the file as a picture. */
export async function shrink(file) {
  const picture = await decoded(file);
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";  // JPEG knows no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close?.();
  // A new picture drawn from pixels carries no EXIF: neither camera nor coordinates.
  const blob = await new Promise((done, failed) => canvas.toBlob((made) => (made ? done(made) : failed(new Error("no picture"))), "image/jpeg", QUALITY));
  const name = `${(file.name || "photo").replace(/\.[^.]*$/, "").slice(0, 60)}.jpg`;
  return { bytes: await blob.arrayBuffer(), type: "image/jpeg", name, width: canvas.width, height: canvas.height };
}

/** The picture turned the way EXIF says. */
async function decoded(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    const image = new Image();
    const url = URL.createObjectURL(file);
    try {
      image.src = url;
      await image.decode();
      return image;
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}
