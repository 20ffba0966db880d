"""Downloads a bucket with boto3's transfers, which repeat what was cut off; prints the number of small files that it has, and 'large'."""
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

url, access_key, secret_key, bucket, folder = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=url,
    aws_access_key_id=access_key,
    aws_secret_access_key=secret_key,
    region_name="us-east-1",
    config=Config(s3={"addressing_style": "path"}, max_pool_connections=20),
)
said = threading.Lock()


def say(what):
    with said:
        print(what, flush=True)


def download(key):
    path = os.path.join(folder, key)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    s3.download_file(bucket, key, path)


def large():
    download("large")
    say("large")


pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="small/")
keys = [entry["Key"] for page in pages for entry in page["Contents"]]
with ThreadPoolExecutor(9) as pool:
    last = pool.submit(large)
    for count, _ in enumerate(pool.map(download, keys), 1):
        say(count)
    last.result()
