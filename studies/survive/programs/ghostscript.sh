# what: Ghostscript draws a PostScript page to a picture and to PDF, and reads that PDF again; hashes of the pictures
# needs: gs
# counts: gs
cat > page.ps << 'END'
%!PS
/Helvetica findfont 24 scalefont setfont
0 1 40 { /i exch def i 10 mul 50 add i 17 mul moveto (Line ) show i 10 string cvs show
  i 40 div 1 i 40 div sub 0.5 setrgbcolor 300 400 i 5 mul 0 360 arc stroke } for
showpage
END
gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r72 -o page.ppm page.ps
gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -o page.pdf page.ps
gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=pnggray -r50 -o page.png page.pdf
gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=txtwrite -o - page.pdf
sha256sum page.ppm page.png
