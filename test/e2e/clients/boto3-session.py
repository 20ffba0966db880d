"""One session of an application that uses boto3; ends with 'everything held' or a failed assertion."""
import hashlib
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

url, access_key, secret_key = sys.argv[1:]


def client(**config):
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, **config),
    )


s3 = client()
s3.create_bucket(Bucket="boto3-session")
assert "boto3-session" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]

# Objects, metadata, ranges, conditions.
body = os.urandom(3_000_001)
put = s3.put_object(Bucket="boto3-session", Key="a/ü b+c.bin", Body=body, ContentType="x/y", Metadata={"owner": "ops"})
assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
got = s3.get_object(Bucket="boto3-session", Key="a/ü b+c.bin")
assert got["Body"].read() == body and got["ContentType"] == "x/y" and got["Metadata"] == {"owner": "ops"}
part = s3.get_object(Bucket="boto3-session", Key="a/ü b+c.bin", Range="bytes=1048570-1048590")
assert part["Body"].read() == body[1048570:1048591] and part["ContentRange"] == "bytes 1048570-1048590/3000001"
try:
    s3.put_object(Bucket="boto3-session", Key="a/ü b+c.bin", Body=b"x", IfNoneMatch="*")
    raise AssertionError("an existing object was overwritten")
except ClientError as error:
    assert error.response["Error"]["Code"] == "PreconditionFailed", error

# Listings page through what is there.
for number in range(25):
    s3.put_object(Bucket="boto3-session", Key=f"many/{number % 5}/{number:03}", Body=b"")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="boto3-session", Prefix="many/", PaginationConfig={"PageSize": 4})
assert len([entry for page in pages for entry in page.get("Contents", [])]) == 25
top = s3.list_objects_v2(Bucket="boto3-session", Prefix="many/", Delimiter="/")
assert [entry["Prefix"] for entry in top["CommonPrefixes"]] == [f"many/{number}/" for number in range(5)]

# Versions and delete markers.
s3.put_bucket_versioning(Bucket="boto3-session", VersioningConfiguration={"Status": "Enabled"})
first = s3.put_object(Bucket="boto3-session", Key="v", Body=b"one")["VersionId"]
second = s3.put_object(Bucket="boto3-session", Key="v", Body=b"two")["VersionId"]
marker = s3.delete_object(Bucket="boto3-session", Key="v")
assert marker["DeleteMarker"] is True
listed = s3.list_object_versions(Bucket="boto3-session", Prefix="v")
assert [version["VersionId"] for version in listed["Versions"]] == [second, first]
assert listed["DeleteMarkers"][0]["VersionId"] == marker["VersionId"]
assert s3.get_object(Bucket="boto3-session", Key="v", VersionId=first)["Body"].read() == b"one"
s3.delete_object(Bucket="boto3-session", Key="v", VersionId=marker["VersionId"])
assert s3.get_object(Bucket="boto3-session", Key="v")["Body"].read() == b"two"

# Multipart with every checksum.
for algorithm in ["CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"]:
    key = f"multipart/{algorithm}"
    upload = s3.create_multipart_upload(Bucket="boto3-session", Key=key, ChecksumAlgorithm=algorithm)["UploadId"]
    pieces = [os.urandom(5 * 1024 * 1024), os.urandom(1234)]
    done = []
    for number, piece in enumerate(pieces, 1):
        answer = s3.upload_part(
            Bucket="boto3-session", Key=key, UploadId=upload, PartNumber=number, Body=piece, ChecksumAlgorithm=algorithm
        )
        done.append({"PartNumber": number, "ETag": answer["ETag"], f"Checksum{algorithm}": answer[f"Checksum{algorithm}"]})
    s3.complete_multipart_upload(Bucket="boto3-session", Key=key, UploadId=upload, MultipartUpload={"Parts": done})
    whole = s3.get_object(Bucket="boto3-session", Key=key, ChecksumMode="ENABLED")
    assert whole["Body"].read() == b"".join(pieces) and f"Checksum{algorithm}" in whole

# Presigned by both signatures, unsigned payloads over streaming.
for signature in ["s3v4", "s3"]:
    link = client(signature_version=signature).generate_presigned_url(
        "get_object", Params={"Bucket": "boto3-session", "Key": "v"}, ExpiresIn=60
    )
    import urllib.request

    assert urllib.request.urlopen(link).read() == b"two", signature

# Everything goes again, in bulk.
while True:
    page = s3.list_object_versions(Bucket="boto3-session")
    names = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
    if not names:
        break
    assert "Errors" not in s3.delete_objects(Bucket="boto3-session", Delete={"Objects": names, "Quiet": True})
s3.delete_bucket(Bucket="boto3-session")
print("everything held")
