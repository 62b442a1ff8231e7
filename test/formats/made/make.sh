#!/bin/sh
# Makes the images beside this file again, with the programs of the tools tree: ./make.sh EMPTY-FOLDER, inside of it.
# Equal bytes but for the times of FAT's folders and the signatures. What blkid, dumpe2fs, dump.erofs, unsquashfs -s,
# fsck.vfat -nv and veritysetup dump say of them is in the tests.
set -e
cd "$1"
export SOURCE_DATE_EPOCH=1750000000 E2FSPROGS_FAKE_TIME=1750000000 TZ=UTC
uuid=5b2f7a10-1111-4222-8333-0123456789ab
mkdir -p tree/reef
echo anemone >tree/reef/anemone.txt
yes coral | head -4000 >tree/reef/coral.txt

ext() {
  truncate -s "$2" "$1.img"
  mke2fs -q -F -t "$1" -U "$uuid" -L kelp -E "hash_seed=$uuid,root_owner=0:0,nodiscard" $3 -d tree "$1.img"
}
ext ext2 1M "-b 1024"
ext ext3 5M "-b 1024 -J size=1"
ext ext4 3M "-b 2048 -m 0"

mkfs.erofs --quiet -T1750000000 "-U$uuid" -Lreef -zzstd,3 -C65536 erofs-zstd.img tree
mkfs.erofs --quiet -T1750000000 "-U$uuid" -zlz4hc,9 erofs-lz4.img tree
mkfs.erofs --quiet -T1750000000 "-U$uuid" -b512 erofs-plain.img tree

env -u SOURCE_DATE_EPOCH mksquashfs tree squashfs.img -quiet -no-progress -noappend -comp xz -b 65536 \
  -mkfs-time 1750000000 -all-time 1750000000

fat() {
  truncate -s "$3" "$1.img"
  mkfs.vfat -F "$2" -i 89abcdef -n "KELP $2" $4 "$1.img"
  mcopy -m -s -i "$1.img" tree/reef ::/reef
}
fat fat12 12 2M ""
fat fat16 16 17M "-s 8"
fat fat32 32 3M "-s 1 -R 4"
fat fat4k 12 3M "-S 4096 -s 2"

# A file system with its hash tree behind it; and trees alone, over N blocks of which block I holds the byte I mod 251.
cp erofs-zstd.img verity.img
blocks=$(($(stat -c %s verity.img) / 4096))
veritysetup format verity.img verity.img --data-blocks=$blocks --hash-offset=$((blocks * 4096)) --salt=c0ffee --uuid="$uuid"
tree() {
  python3 -c 'import sys; [sys.stdout.buffer.write(bytes([i % 251]) * int(sys.argv[1])) for i in range(int(sys.argv[2]))]' "$3" "$5" >data
  veritysetup format data "tree-$2-$1.img" "--format=$1" "--hash=$2" "--data-block-size=$3" "--hash-block-size=$4" \
    "--data-blocks=$5" "--salt=$6" --uuid="$uuid"
  rm data
}
tree 1 sha256 4096 4096 300 c0ffee
tree 0 sha256 4096 4096 300 c0ffee
tree 1 sha512 512 1024 77 00112233445566778899aabbccddeeff
tree 1 sha1 1024 512 500 -
rm -r tree

# A file system with its hash tree and FEC of N parity bytes behind it, in one file: rows of 512 equal bytes.
fec() {
  python3 -c 'import sys; [sys.stdout.buffer.write(bytes([(i * 7 + k // 512) % 251 for k in range(4096)])) for i in range(int(sys.argv[1]))]' "$2" >"fec-$1.img"
  veritysetup format "fec-$1.img" "fec-$1.img" "--data-blocks=$2" "--hash-offset=$(($2 * 4096))" --salt=c0ffee --uuid="$uuid" \
    "--fec-device=fec-$1.img" "--fec-offset=$((($2 + $3) * 4096))" "--fec-roots=$1"
}
fec 2 300 5
fec 8 100 2

# A UKI of three profiles, signed twice by a key of its own, and an add-on; on the
# stub that has no sections of its own but two, to be short.
stub=/usr/lib/systemd/boot/efi/addonx64.efi.stub
printf 'ID=reef\nNAME="The Reef"\nPRETTY_NAME="Reef \\"7\\" at night"\n' >os-release
head -c 3000 /dev/zero | tr '\0' k >kernel
head -c 1234 /dev/zero | tr '\0' i >initrd
printf 'ID=day\nTITLE=By day\n' >p0
printf 'ID=night\nTITLE="By night"\n' >p1
printf 'ID=dusk\n' >p2
ukify build --stub=$stub --profile=@p1 --cmdline='tide=high roothash=night' --output=night.efi
ukify build --stub=$stub --profile=@p2 --uname=8.9.1-dusk --output=dusk.efi
ukify build --stub=$stub --linux=kernel --initrd=initrd --uname=7.8.9-kelp --os-release=@os-release --profile=@p0 \
  --cmdline='tide=low roothash=day' --join-profile=night.efi --join-profile=dusk.efi --output=uki.img \
  --sbat='sbat,1,SBAT Version,sbat,1,https://example.org/
reef,7,Reef,reef,1,https://example.org/'
ukify build --stub=$stub --cmdline=extra --output=addon.img
openssl req -new -x509 -newkey rsa:2048 -nodes -subj /CN=reef -keyout key -out cert -days 9000
sbsign --key key --cert cert --output one.efi uki.img
sbsign --key key --cert cert --output uki-signed.img one.efi

# A boot partition: two signed programs, a state, and the signed UKI in clusters that do not follow one another.
sbsign --key key --cert cert --output loader.efi addon.img
printf '# GRUB Environment Block\nORDER=A B\nVERITY=on\nA_OK=1\nA_TRY=0\nB_OK=1\nB_TRY=0\n' >grubenv
head -c $((1024 - $(stat -c %s grubenv))) /dev/zero | tr '\0' '#' >>grubenv
truncate -s 1M esp.img
mkfs.vfat -F 12 -i 89abcdef -n KELP -s 1 esp.img
mmd -i esp.img ::/EFI ::/EFI/BOOT ::/EFI/caisson
mcopy -i esp.img grubenv ::/EFI/caisson/grubenv
mcopy -i esp.img loader.efi ::/EFI/BOOT/BOOTX64.EFI
head -c 3000 /dev/zero >gap
mcopy -i esp.img gap ::/gap
mcopy -i esp.img loader.efi ::/EFI/BOOT/grubx64.efi
mdel -i esp.img ::/gap
mcopy -i esp.img uki-signed.img ::/EFI/caisson/slot.efi
rm -f os-release kernel initrd p0 p1 p2 ./*.efi key cert grubenv gap

# What of shim is read but its code: revocations; signed by another key.
printf '\0\0\0\0\10\0\0\0\36\0\0\0sbat,1,2024\nmussel,3\n\0sbat,1,2025\nmussel,4\n\0' >level
objcopy --long-section-names=enable --add-section .sbatlevel=level --set-section-flags .sbatlevel=data,readonly \
  --change-section-vma .sbatlevel=0x1dd513000 $stub plain.efi
openssl req -new -x509 -newkey rsa:2048 -nodes -subj /CN=mussel -keyout key -out cert -days 9000
sbsign --key key --cert cert --output shim.img plain.efi
rm -f level plain.efi key cert

# And what it trusts and refuses by itself, unsigned: a table, 14 bytes that it trusts, 9 that it refuses.
printf '\16\0\0\0\11\0\0\0\20\0\0\0\36\0\0\0trusted oyster' >vendor
printf 'bad mussl' >>vendor
objcopy --long-section-names=enable --add-section .vendor_cert=vendor --set-section-flags .vendor_cert=data,readonly \
  --change-section-vma .vendor_cert=0x1dd513000 $stub vendor.img
rm -f vendor

gzip -9n ./*.img
