# what: ffmpeg makes, scales and encodes a test film with sound on two threads, and decodes it again; hashes of all frames
# needs: ffmpeg
# counts: ffmpeg
film=(-f lavfi -i testsrc=size=320x240:rate=25:duration=2 -f lavfi -i sine=frequency=440:duration=2)
ffmpeg -v error -nostdin "${film[@]}" -vf scale=160:120,hue=s=0 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
  -threads 2 -c:v mpeg4 -c:a aac -f matroska film.mkv
ffmpeg -v error -nostdin "${film[@]}" -threads 2 -bitexact -f framemd5 -
ffmpeg -v error -nostdin -threads 2 -i film.mkv -bitexact -f framemd5 - | tail -n 5
sha256sum film.mkv
