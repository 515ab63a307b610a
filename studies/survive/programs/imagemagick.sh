# what: ImageMagick makes, scales, blurs, rotates and joins pictures, on several threads; hashes of the pixels
# needs: convert
# counts: convert
convert -size 400x300 gradient:red-blue -depth 8 a.ppm
convert a.ppm -resize 50% -blur 0x2 -rotate 30 -depth 8 b.ppm
convert a.ppm b.ppm -append -modulate 110,80 -depth 8 c.ppm
convert c.ppm -define png:exclude-chunks=date,time d.png
convert d.png -depth 8 e.ppm
sha256sum a.ppm b.ppm c.ppm
cmp c.ppm e.ppm
identify -format '%w %h %k\n' c.ppm d.png
