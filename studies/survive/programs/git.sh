# what: git init, 40 commits, branch, merge, log, diff, gc, fsck, clone over a pipe, pack with two threads; all ids are printed
# needs: git
# counts: git
# quick
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org \
  GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
git init -q -b main repository
cd repository
git config gc.auto 0
git config pack.threads 2
text 800 > text
for ((i = 0; i < 20; i++)); do
  export GIT_AUTHOR_DATE="$((1700000000 + i)) +0000" GIT_COMMITTER_DATE="$((1700000000 + i)) +0000"
  sed -i "$((i * 37 + 1))s/.*/changed in $i/" text
  echo "$i" > "file-$i"
  git add -A
  git commit -q -m "commit $i"
done
git checkout -q -b side main~5
echo side > side
git add side
git commit -q -m side
git checkout -q main
git merge -q -m merge side
git log --oneline --graph
git diff --stat main~10
git blame -s text | sed -n 1,3p
git gc -q --aggressive --prune=now
git fsck --strict 2>&1
git count-objects -v | grep -e count -e in-pack
git clone -q --no-local . ../clone 2>&1
git -C ../clone rev-parse HEAD
git -C ../clone status --short
git archive HEAD | sha256sum
