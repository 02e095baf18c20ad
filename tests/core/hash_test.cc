#include "core/hash.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"

namespace mirst {
namespace {

TEST(Sha256, GivesTheVectorsOfFips180) {
  EXPECT_EQ(Sha256OfText(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256OfText("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256OfText("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256OfText(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnHowTheBytesAreCut) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("");
  hash.Update("bc");
  EXPECT_EQ(hash.Finish(), Sha256OfText("abc"));
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  const TemporaryFolder folder;
  const std::string bytes = std::string(3'000'000, 'x') + '\0' + "tail";  // longer than one reading buffer
  WriteFileAtomically(folder.path() / "größe.bin", bytes);
  EXPECT_EQ(Sha256OfFile(folder.path() / "größe.bin"), Sha256OfText(bytes));
}

TEST(Sha256, OfAnUnreadableFileNamesPathAndReason) {
  const TemporaryFolder folder;
  for (const auto& [path, reason] :
       {std::pair(folder.path() / "none", "No such file or directory"), std::pair(folder.path(), "Is a directory")}) {
    try {
      Sha256OfFile(path);
      ADD_FAILURE() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_EQ(error.message(), "cannot read " + path.string() + ": " + reason);
    }
  }
}

std::string Bytes(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

TEST(MerkleRoot, OfUpToThreeLeavesIsTheTreeDrawnByHand) {
  const std::string zero(1, '\0'), one(1, '\1');
  const std::string a = Sha256OfText(zero + "a"), b = Sha256OfText(zero + "b"), c = Sha256OfText(zero + "c");
  const std::string ab = Sha256OfText(one + Bytes(a) + Bytes(b));
  EXPECT_EQ(MerkleRoot({}), Sha256OfText(""));
  EXPECT_EQ(MerkleRoot({"a"}), a);
  EXPECT_EQ(MerkleRoot({"a", "b"}), ab);
  EXPECT_EQ(MerkleRoot({"a", "b", "c"}), Sha256OfText(one + Bytes(ab) + Bytes(c)));
}

TEST(MerkleRoot, GivesThePublishedRootsOfCertificateTransparency) {
  const std::vector<std::string> leaves = {"",
                                           Bytes("00"),
                                           Bytes("10"),
                                           Bytes("2021"),
                                           Bytes("3031"),
                                           Bytes("40414243"),
                                           Bytes("5051525354555657"),
                                           Bytes("606162636465666768696a6b6c6d6e6f")};
  const auto root_of_first = [&](std::ptrdiff_t count) { return MerkleRoot({leaves.begin(), leaves.begin() + count}); };
  EXPECT_EQ(root_of_first(1), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(root_of_first(2), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
  EXPECT_EQ(root_of_first(3), "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
  EXPECT_EQ(root_of_first(5), "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4");
  EXPECT_EQ(root_of_first(6), "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef");
  EXPECT_EQ(root_of_first(7), "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
  EXPECT_EQ(root_of_first(8), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST(MerkleRoot, DependsOnTheOrder) { EXPECT_NE(MerkleRoot({"a", "b"}), MerkleRoot({"b", "a"})); }

}  // namespace
}  // namespace mirst
